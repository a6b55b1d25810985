/// First names and surnames that are common where Sluice is used; spelled in UTF-8, compared without ASCII case.
///
/// The lists are short on purpose: they tell names from other capitalised words, and every rare word in them that is also a
/// common noun would cost precision.
enum Names {
    static func isFirstName(_ scope: Scope, _ range: Range<Int>) -> Bool { first.contains(hash(scope, range)) }
    static func isSurname(_ scope: Scope, _ range: Range<Int>) -> Bool { last.contains(hash(scope, range)) }

    private static let first = hashes(firstNames)
    private static let last = hashes(surnames)

    private static func hashes(_ words: String) -> Set<UInt64> {
        Set(
            words.split(whereSeparator: \.isWhitespace).map { word in
                Array(word.utf8).withUnsafeBytes { hash(Scope(bytes: $0, lower: 0, upper: $0.count), 0..<$0.count) }
            })
    }

    /// FNV-1a. A word of another meaning with the same hash is one in 2⁵⁰.
    private static func hash(_ scope: Scope, _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range {
            let byte = scope[index]
            hash = (hash ^ UInt64(byte.isUpper ? byte | 0x20 : byte)) &* 0x100_0000_01b3
        }
        return hash
    }

    private static let firstNames = """
        aaron abdul abigail abraham adam adrian adriana agnes ahmed aisha alan albert alejandro alessandro alexander alexandra
        alexis ali alice alicia alison allison amanda amber amelia amina amir amit amy ana anastasia andrea andreas andrew
        andré angela angelica anita anjali anke ann anna anne annette anthony antoine antonio anton arjun arthur ashley astrid
        audrey barbara beatrice beatriz benjamin bernard bernd beth bianca birgit bradley brandon brenda brian bruno caleb camila
        camille carl carla carlos carmen carol caroline catarina catherine cathy cecilia charles charlotte chen chiara chloe
        christian christina christine christopher cindy claire clara claudia claudio colin connor craig cristina cynthia dana
        daniel daniela danielle david deborah debra deepak denise dennis derek diana diane diego dieter dimitri dmitri dominik
        dominique donald donna doris dorothy douglas dylan edgar eduardo edward elena eleanor elias elisabeth elizabeth ella
        ellen emily emma enrique eric erica erik erika ernst esther ethan eugene eva evelyn fatima felipe felix fernanda fernando
        fiona florian frances francesca francesco francisco francois françois frank franz frederick fritz gabriel gabriela
        gabriele gareth gary geoffrey george georgia gerald gerhard giorgio giovanni giulia gloria gonzalo graham greta gregory
        guillaume guillermo gustavo günther hamid hannah hans harold harry hassan heather heidi heike heinrich heinz helen helena
        helga helmut henri henrik henry herbert hiroshi holger howard hugo ian ibrahim ignacio inés inga ingrid irene irina isaac
        isabel isabella isabelle ivan jacob jacqueline jacques jakub james jamie jan jane janet jason javier jean jeffrey jennifer
        jens jeremy jerome jerry jessica jesus jill joan joanna joao joaquin joel johan johann johannes john johnny jonas jonathan
        jorge jose joseph joshua josé joyce joão juan juana judith judy julia julian juliana julie julien jürgen justin kai karen
        karim karin karl karla katarina katharina katherine kathleen kathryn katja katrin kavita keith kelly kenneth kenji kevin
        khalid kim klaus kristen kristina kumar kyle lakshmi larry lars laura lauren laurent lawrence lea leah leila lena leo
        leonardo leonie leticia lewis liam lina linda lisa lorena lorenzo louis louise luca lucas lucia luciana lucy luigi luis
        luiza lukas luke lydia madison magdalena maja manfred manuel manuela marc marcel marcelo marco marcus margaret margarita
        maria mariana marie marilyn mario marion marisol markus marta martha martin martina mary maryam mateo matthew matthias
        maurice max maximilian megan mehmet melanie melissa mercedes michael michaela michel michelle miguel mikhail miriam
        mohamed mohammed monica monika monique muhammad mustafa nadia nadine nancy naomi natalia natalie natasha nathan neha neil
        nicholas nicola nicolas nicole nikolai nina noah noemi norbert norma nuno oleg oliver olivia olga omar oscar otto pablo
        pamela paola paolo pascal patricia patrick patrizia paul paula paulo pauline pedro peter petra philip philippe phillip
        pierre pilar pooja priya quentin rachel rafael rahul raj rajesh ralph ramon raquel raymond rebecca regina reinhard renate
        renee ricardo richard rita robert roberta roberto robin rodrigo roger roland rolf ronald rosa rosemary ross roxana russell
        ruth ryan sabine sabrina sally samantha samira samuel sandra sanjay santiago sara sarah sascha scott sean sebastian
        sergei sergio shannon sharon sheila shirley silke silvia simon simone sofia sonia sophia sophie stacy stefan stefanie
        stephanie stephen steven stuart sunita susan susanne suzanne svetlana sven sylvia sylvie takashi tamara tania tanja tara
        tatiana teresa theodore theresa thierry thomas thorsten tiago tiffany timothy tobias todd tom tomas torsten tracy trevor
        tyler ulrich ulrike ursula uwe valentina valerie vanessa vera veronica victor victoria vijay vikram vincent vincenzo
        virginia vivian vladimir volker walter wang wanda wei wendy werner wilhelm william wolfgang xavier yasmin yolanda yuki
        yusuf yves yvonne zachary zainab zoe ángel álvaro
        """

    private static let surnames = """
        abbott acosta adams agarwal aguilar ahmed alexander ali allen almeida alonso alvarez alves andersen anderson andrews
        araujo armstrong arnold ash atkinson bailey baker banerjee barbosa barnes barnett barros bauer baumann beck becker bell
        bennett berger bernard bianchi bishop black blanc bianco boyd bradley brandt braun brooks brown bruno bryant burke burns
        butler byrne cabrera caldwell campbell campos cardoso carlson carpenter carr carroll carter carvalho castillo castro chan
        chang chapman chavez chen cho choi chopra clark clarke cohen cole coleman collins colombo conti contreras cook cooper
        correia costa cox crawford cruz cunningham curtis daniels das davidson davies davis dawson delgado desai diaz dias dietrich
        dixon doe doyle dubois duncan dunn dupont durand díaz edwards elliott ellis evans farrell ferguson fernandes fernandez
        fernández ferrari ferreira fischer fisher fitzgerald fleming fletcher flores fontaine ford foster fournier fowler fox
        francis franco franke frank fraser freeman friedrich fuchs fuentes fuller gallagher gallo garcia garcía gardner garner
        garrett george ghosh gibson gil gill girard giordano gomes gomez gonzales gonzalez gonzález goodwin gordon graham grant
        gray green greco greene griffin gross guerrero guillaume gupta gutierrez gómez günther haas hahn hall hamilton hansen hanson
        harper harris harrison hart hartmann harvey hassan hayes heinrich henderson henry hernandez hernández herrera herrmann
        hicks hill hoffman hoffmann holmes howard huang huber hudson hughes hunt hunter hussain ibrahim iglesias jackson jacobs
        jain jansen jenkins jensen jimenez johansson johnson johnston jones jordan joshi jung kaiser kang kapoor kaur keller kelley
        kelly kennedy khan kim klein knight koch kowalski kraus krause kruger krämer krüger kumar kuhn kühn köhler könig lambert
        lane lang lange larsen larson laurent lawrence lawson leclerc lee lefebvre lehmann leroy lewis li lim lima lin liu long
        lopes lopez lorenz lozano lucas ludwig lynch lópez macdonald machado maier malik marino marques marshall martin martinez
        martins martín martínez mason matthews maurer may mayer mccarthy mcdonald mckenzie medina mehta meier mendes mendez mendoza
        meyer michel miller mills mishra mitchell mohamed molina monteiro moore morales moreau moreira moreno moretti morgan morin
        morris morrison mukherjee muller murphy murray myers müller nair nelson neumann newman nguyen nicholson nielsen novak nunes
        nunez núñez obrien oliveira olsen olson ortega ortiz osborne otto owens pacheco palmer park parker patel patterson payne
        peña pereira perez perkins perry peters petersen peterson pfeiffer phillips pierce pinto popov porter powell price pérez
        quinn ramirez ramos ramírez rao reddy reed reid reis reyes reynolds ribeiro ricci richards richardson richter riley rinaldi
        rios rivera roberts robertson robinson rocha rodrigues rodriguez rodríguez rogers romano romero rose ross rossi rousseau roux
        roy rubio ruiz russell russo ryan saito sanchez sanders santana santos sanz sato sauer schmid schmidt schmitt schmitz
        schneider scholz schreiber schroeder schröder schubert schulte schultz schulz schulze schumacher schuster schwarz scott
        seidel serrano shah shapiro sharma shaw silva simmons simon simpson singh smith snyder soares soto souza spencer stein
        stephens stevens stewart stone suarez sullivan suzuki sánchez takahashi tanaka tavares taylor teixeira thomas thompson
        thomson torres tran tucker turner vargas vasquez vega vega verma vidal vieira villa vogel vogt wagner walker wallace walsh
        walter wang ward warren washington watanabe watson weaver weber weiss wells werner west wheeler white williams williamson
        willis wilson winkler winter wolf wolff wong wood woods wright wu yamamoto yang yilmaz young zhang zhao zhou zimmermann
        """
}
